import { describeSeveralServers } from './several-servers.ts'

// The same with the other lock servers: what customers see does not depend on who keeps the locks.
describeSeveralServers(['redis', 'postgres', 'etcd'], { all: true })
