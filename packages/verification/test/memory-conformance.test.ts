import { registerConformance } from '@leasehold/core/conformance'
import { describe, it } from 'vitest'
import { memoryTarget } from '../src/conformance/memory.ts'

registerConformance({ describe, it }, memoryTarget())
