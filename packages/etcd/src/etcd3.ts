export type { EtcdBackend } from './backend.ts'
export { EtcdError, type EtcdErrorCode } from './errors.ts'
export { type Etcd3BackendOptions, etcd3Backend } from './etcd3-backend.ts'
export type { EtcdFence, FencedLease } from './fence.ts'
