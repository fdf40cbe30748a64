/** What README.md documents: everything that a user needs, and nothing more. */
export const RIGHTS = ['~leasehold:*', 'resetchannels', '&leasehold:*', '-@all']

const allowed = (commands: string): string[] => commands.split(' ').map((command) => `+${command}`)

export const COMMANDS = [
  ...allowed('evalsha eval getset set del exists time publish subscribe pubsub|numsub ping'),
  ...allowed('hget hset hdel hmget pttl pexpire lindex lpop lrem rpush'),
]

export const COMMANDS_FOR_SHARES = allowed('hgetall hlen')

/** Of nodes of a quorum, beside the others. */
export const COMMANDS_FOR_A_QUORUM = allowed('info get')

/** `forceRelease` needs `hgetall`, too. */
export const COMMANDS_FOR_OPERATORS = allowed('scan hgetall')

export const COMMANDS_ON_A_CLUSTER = allowed('asking cluster|slots spublish pubsub|shardnumsub ssubscribe sunsubscribe')

export const PASSWORD = 'open-sesame'

/** What a script says of a command that its user may not run: in the words of Redis 7.0 and before, and of later ones. */
export const REFUSED_IN_A_SCRIPT = /can't run this command|has no permissions to run the '\w+' command/
