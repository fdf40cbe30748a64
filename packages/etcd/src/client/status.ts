import type { IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2'
import { EtcdError } from '../errors.ts'
import { toEtcdError } from '../server-errors.ts'

/** By number. */
const NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]
const UNKNOWN = 2

/** What something between that speaks no gRPC means by its answer: https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const OF_HTTP: Readonly<Record<number, number>> = { 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14 }

/** How a call ended, as the server said. */
export interface Status {
  readonly code: number
  readonly message: string
}

/** In headers, where there are no messages, or in trailers after them. */
export function statusIn(headers: IncomingHttpHeaders): Status | undefined {
  const said = headers['grpc-status']
  if (said === undefined) return undefined
  const code = /^\d{1,2}$/.test(String(said)) ? Number(said) : UNKNOWN
  return { code, message: decoded(String(headers['grpc-message'] ?? '')) }
}

/** Of an answer that is none of gRPC, such as a page of a proxy. */
export function statusOfStranger(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): Status | undefined {
  const http = headers[':status']
  if (http === 200 && String(headers['content-type']).startsWith('application/grpc')) return undefined
  const code = OF_HTTP[http ?? 0] ?? UNKNOWN
  return { code, message: `HTTP status ${http}, of something that is no etcd` }
}

/** In the words of gRPC and etcd. */
export const errorOf = ({ code, message }: Status): EtcdError =>
  toEtcdError(new Error(`${code} ${NAMES[code] ?? NAMES[UNKNOWN]}: ${message}`))

/** It has not reached the server, and never will. */
export const notSent = (message: string): EtcdError => new EtcdError('NOT_SENT', message)

/** No word of the server: it may have been carried out, or not. */
export const unavailable = (message: string): EtcdError => new EtcdError('UNAVAILABLE', message)

function decoded(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
