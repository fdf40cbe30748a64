export { type MemoryBackendOptions, memoryBackend } from './backend.ts'
export { MemoryStore, type MemoryStoreOptions } from './store.ts'
