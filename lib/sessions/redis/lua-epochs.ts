/**
 * KEYS epochs. ARGV clock, app, letter of the reason. Answers with the instant. It is later than every one before: a session
 * that began right after an epoch, in the same millisecond, began a millisecond later by the record.
 */
export const LUA_END_APP: string = String.raw`
local epochs, app = KEYS[1], ARGV[2]
local at, lines = clock(ARGV[1]), {}
for line in string.gmatch(redis.call('GET', epochs) or '', '[^\n]+') do
  local name, instant = string.match(line, '^([^=]+)=([%w_-][%w_-][%w_-][%w_-][%w_-][%w_-][%w_-])%l$')
  if not name then return redis.error_reply('ERR unreadable epochs') end
  at = math.max(at, decode(instant, 1, 7) + 1)
  if name ~= app then lines[#lines + 1] = line end
end
lines[#lines + 1] = app .. '=' .. encode(at, 7) .. ARGV[3]
redis.call('SET', epochs, table.concat(lines, '\n'))
return encode(at, 7)
`;

/** KEYS epochs. The clock of the server and the epochs, in one step. */
export const LUA_PULSE: string = String.raw`
local time = redis.call('TIME')
return { time[1], time[2], redis.call('GET', KEYS[1]) or '' }
`;
