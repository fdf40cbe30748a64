import { byId } from './element.js'

// A finger needs about this many pixels. On a phone the whole hall fits, but its seats are smaller: the first touch goes closer.
const FINGER_PX = 22
const CLOSER = 2.1

const view = byId('view')
const auditorium = byId('auditorium')
const button = byId('zoom')

export function listenToZoom() {
  button.addEventListener('click', () => zoom(!isClose(), 0.5, 0.4))
  auditorium.addEventListener('click', zoomInsteadOfMissing, { capture: true })
}

const isClose = () => view.dataset['close'] === 'true'

/**
 * @param {boolean} close
 * @param {number} x where to look, as a share of the hall's width
 * @param {number} y
 */
function zoom(close, x, y) {
  view.dataset['close'] = String(close)
  auditorium.style.width = close ? `${CLOSER * 100}%` : ''
  button.textContent = close ? 'Whole hall' : 'Closer'
  view.scrollTo(auditorium.offsetWidth * x - view.clientWidth / 2, auditorium.offsetHeight * y - view.clientHeight / 2)
}

/** @param {MouseEvent} event */
function zoomInsteadOfMissing(event) {
  const byFinger = event instanceof PointerEvent && event.pointerType === 'touch'
  const seat = auditorium.querySelector('.seat')
  if (!byFinger || isClose() || seat === null || seat.clientWidth >= FINGER_PX) return
  event.stopPropagation()
  const box = auditorium.getBoundingClientRect()
  zoom(true, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
}
