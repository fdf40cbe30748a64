// In the deep tier, each of these stories examines the page wherever it stops to look.
import './keyboard-and-ear.test.ts'
import './lab.test.ts'
import './two-windows.test.ts'
