/** What happens to everything that travels in one direction through a proxy, on whatever connection. */
export interface Weather {
  delayMs: number
  /** Kept back until the weather is fine again, as TCP does over an outage. */
  holds: boolean
  /** Taken and thrown away. */
  swallows: boolean
  lostBytes: number
  /** So many more bytes pass; then the connection they travel on is cut. */
  cut: { bytesLeft: number; happened(): void } | undefined
}

export const fineWeather = (): Weather => ({ delayMs: 0, holds: false, swallows: false, lostBytes: 0, cut: undefined })

export function clear(weather: Weather): void {
  Object.assign(weather, { ...fineWeather(), lostBytes: weather.lostBytes })
}
