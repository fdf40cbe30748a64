import type { LockBackend } from '@leasehold/core'
import { serveHolder } from '@leasehold/core/conformance'

declare function myBackend(url: string | undefined): LockBackend

serveHolder(myBackend(process.argv[2]))
