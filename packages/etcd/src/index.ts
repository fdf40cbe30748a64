export { type EtcdBackend, type EtcdBackendOptions, etcdBackend } from './backend.ts'
export { EtcdError, type EtcdErrorCode } from './errors.ts'
export type { EtcdOptions } from './etcd3-connection.ts'
export type { EtcdFence, FencedLease } from './fence.ts'
