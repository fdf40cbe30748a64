/** How many listen where a process is told, asked once for each channel: on one node, all who wait in a process have the same. After `line`. */
export const hearing = `
local heard = {}
local function hearing(keys, namespace, process)
  local way, channel = channel_of(keys, namespace, process)
  heard[channel] = heard[channel] or listeners(way, channel)
  return heard[channel]
end
`
