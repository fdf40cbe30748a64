// Answers each message with the same. Ends with the process that started it.
process.on('message', (message) => process.send?.(message))
process.once('disconnect', () => process.exit())
