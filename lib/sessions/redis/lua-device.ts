/** KEYS home. ARGV clock, latest, floor, member, the line about the subject as it was read, the line that takes its place. */
export const LUA_DEVICE: string = String.raw`
if ARGV[2] ~= '' and clock(ARGV[1]) >= tonumber(ARGV[2]) then return 'late' end
local key, _, value, before = find(KEYS[1], ARGV[4])
local header = live(value, tonumber(ARGV[3]))
local metaEnd = header and string.find(value, '\n', HEADER + 1, true)
if not metaEnd then return 'gone' end
if string.sub(value, HEADER + 1, metaEnd - 1) ~= ARGV[5] then return 'changed' end
local number = encode((version(header) + 1) % VERSIONS, 4)
redis.call('SET', key, before .. 'L1' .. number .. string.sub(header, 7) .. ARGV[6] .. string.sub(value, metaEnd), 'KEEPTTL')
return 'written'
`;
