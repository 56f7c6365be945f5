/** KEYS home. ARGV clock, floor, member, at, idle, absolute. Only the header is written. */
export const LUA_ACTIVITY: string = String.raw`
local now = clock(ARGV[1])
local key, offset, text = find(KEYS[1], ARGV[3])
local header = live(text, tonumber(ARGV[2]))
if not header then return 'gone' end
-- No activity is later than now, whatever the caller's estimate of the clock was.
local at, before = math.min(tonumber(ARGV[4]), now), lastActiveAt(header)
if at <= before then return 'written' end
local gap = math.max(longestGap(header), at - before)
local number = encode((version(header) + 1) % VERSIONS, 4)
local changed = 'L1' .. number .. string.sub(header, 7, 20) .. encode(at, 7) .. encode(math.min(gap, MOST_GAP), 6) .. string.sub(header, 34)
redis.call('SETRANGE', key, offset, changed)
local left = retention(now, createdAt(header), at, ARGV[5], ARGV[6])
if key ~= KEYS[1] then redis.call('PEXPIRE', key, left) end
if redis.call('PTTL', KEYS[1]) < left then
  redis.call('PEXPIRE', KEYS[1], left)
  redis.call('PEXPIRE', KEYS[1] .. ':', left)
end
return 'written'
`;

/** KEYS home. ARGV clock, latest, floor, member, authenticatedAt. 1: this call is the one that spent it. */
export const LUA_SPEND: string = String.raw`
if ARGV[2] ~= '' and clock(ARGV[1]) >= tonumber(ARGV[2]) then return 'late' end
local key, offset, text = find(KEYS[1], ARGV[4])
local header, at = live(text, tonumber(ARGV[3])), tonumber(ARGV[5])
if not header or at <= 0 or authenticatedAt(header) ~= at or spentAt(header) >= at then return 0 end
redis.call('SETRANGE', key, offset, 'L1' .. encode((version(header) + 1) % VERSIONS, 4) .. string.sub(header, 7, 33) .. encode(at, 7))
return 1
`;
