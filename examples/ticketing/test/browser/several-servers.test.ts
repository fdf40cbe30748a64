import { describeSeveralServers } from './several-servers.ts'

describeSeveralServers(['redis'], { all: false })
