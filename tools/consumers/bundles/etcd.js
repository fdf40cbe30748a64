import { etcdBackend } from '@leasehold/etcd'
import { assertUnreachable } from './unreachable.js'

export const main = () => assertUnreachable(etcdBackend({ hosts: 'http://127.0.0.1:1' }))
