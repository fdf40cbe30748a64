/** Of the options that `etcd3` hands to gRPC, those that have a meaning here. */
export interface EtcdGrpcOptions {
  /** The name that the server's certificate must have, where it is not the host's. */
  readonly 'grpc.ssl_target_name_override'?: string | undefined
  /** What is sent as `:authority`, for a proxy that looks at it. Default: the host, or the name above. */
  readonly 'grpc.default_authority'?: string | undefined
  /** The largest answer that is taken, in bytes. Default 4194304. */
  readonly 'grpc.max_receive_message_length'?: number | undefined
  /** After so many milliseconds without a word, a connection with an open stream is pinged. At least 6000: etcd punishes less than 5000. Default 6000. */
  readonly 'grpc.keepalive_time_ms'?: number | undefined
  /** For how many milliseconds the answer to a ping is waited for. Default 2000, or `deadlineMs` where that is longer. */
  readonly 'grpc.keepalive_timeout_ms'?: number | undefined
}

/** Certificates and keys in PEM. */
export interface EtcdCredentials {
  /** Of whoever signed the server's certificate. Default: those that Node trusts. */
  readonly rootCertificate?: Buffer | undefined
  /** Of the client, where the server asks for its certificate. */
  readonly privateKey?: Buffer | undefined
  /** The client's certificate, followed by those up to one that the server trusts. */
  readonly certChain?: Buffer | undefined
}

/** Where etcd is and how to log in. The options of the package `etcd3` have the same names. */
export interface EtcdOptions {
  /** `http://name:2379`, `https://name:2379`, `name:2379` or `unix:/path`; of a cluster, every member. */
  readonly hosts: string | readonly string[]
  /** With these, all hosts are asked over TLS. */
  readonly credentials?: EtcdCredentials | undefined
  readonly auth?: { readonly username: string; readonly password: string } | undefined
  readonly grpcOptions?: EtcdGrpcOptions | undefined
}

/** How one member is asked. */
export interface MemberSettings {
  readonly maxAnswerBytes: number
  readonly pingAfterMs: number
  readonly pingTimeoutMs: number
  readonly deadlineMs: number
  readonly serverName: string | undefined
  readonly authority: string | undefined
}

const MOST = 2 ** 31 - 1

/** Throws a `TypeError` or a `RangeError` that names the rule. */
export function memberSettings({ grpcOptions = {} }: EtcdOptions, deadlineMs: number): MemberSettings {
  assertKnown(grpcOptions)
  const number = (name: NumberName, least: number, byDefault: number): number => {
    const given = grpcOptions[name] ?? byDefault
    if (Number.isInteger(given) && given >= least && given <= MOST) return given
    throw new RangeError(`${name} must be a whole number from ${least} to ${MOST}`)
  }
  const serverName = text(grpcOptions, 'grpc.ssl_target_name_override')
  return {
    maxAnswerBytes: number('grpc.max_receive_message_length', 1, 4 * 1024 * 1024),
    pingAfterMs: number('grpc.keepalive_time_ms', 6_000, 6_000),
    pingTimeoutMs: number('grpc.keepalive_timeout_ms', 1, Math.max(2_000, Math.ceil(deadlineMs))),
    deadlineMs,
    serverName,
    authority: text(grpcOptions, 'grpc.default_authority') ?? serverName,
  }
}

type TextName = 'grpc.ssl_target_name_override' | 'grpc.default_authority'
type NumberName = Exclude<keyof EtcdGrpcOptions, TextName>

const KNOWN: readonly string[] = [
  'grpc.ssl_target_name_override',
  'grpc.default_authority',
  'grpc.max_receive_message_length',
  'grpc.keepalive_time_ms',
  'grpc.keepalive_timeout_ms',
] satisfies (keyof EtcdGrpcOptions)[]

function assertKnown(grpcOptions: object): void {
  const unknown = Object.keys(grpcOptions).find((name) => !KNOWN.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`grpcOptions may have ${KNOWN.join(', ')}, and not ${unknown}. @leasehold/etcd/etcd3 takes all`)
}

function text(grpcOptions: EtcdGrpcOptions, name: TextName): string | undefined {
  const given = grpcOptions[name]
  if (given === undefined || (typeof given === 'string' && given !== '')) return given
  throw new TypeError(`${name} must be a name`)
}
