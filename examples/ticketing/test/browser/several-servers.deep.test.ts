import { describeSeveralServers } from './several-servers.ts'

// All stories, with each lock server: what customers see does not depend on who keeps the locks.
describeSeveralServers(['redis', 'postgres', 'etcd'], { all: true })
