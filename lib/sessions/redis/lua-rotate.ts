/**
 * KEYS home, own key of the old session, own key of the new one. ARGV clock, latest, floor, idle, absolute, old member, new member, the old
 * line about the subject and the instant of its authentication (as they were when the new line was made), the new line, grace, the instant of the
 * new authentication where it was seen ('' for now, '-' for a rotation without one: nothing starts anew).
 */
export const LUA_ROTATE: string = String.raw`
local now, from, to = clock(ARGV[1]), ARGV[6], ARGV[7]
if ARGV[2] ~= '' and now >= tonumber(ARGV[2]) then return 'late' end
local home = open(KEYS[1])
local text = textOf(home, from)
local header = live(text, tonumber(ARGV[3]))
if not header or home.name == to or redis.call('EXISTS', KEYS[3]) == 1 then return 'conflict' end
local metaEnd = string.find(text, '\n', HEADER + 1, true)
if not metaEnd then return 'conflict' end
if string.sub(text, HEADER + 1, metaEnd - 1) ~= ARGV[8] or authenticatedAt(header) ~= tonumber(ARGV[9]) then return 'changed' end

local created, number = createdAt(header), version(header) + 1
local authenticated, active, gap = authenticatedAt(header), lastActiveAt(header), longestGap(header)
if ARGV[12] ~= '-' then
  -- Never the instant of the one before: what was spent on that one must not be spent for this one.
  local seen = ARGV[12] ~= '' and math.min(now, tonumber(ARGV[12])) or now
  authenticated = math.max(seen, created, authenticatedAt(header) + 1)
  active, gap = math.max(now, authenticated, active), 0
end
local left = retention(now, created, active, ARGV[4], ARGV[5])
local new = liveHeader(created, number, authenticated, active, gap, spentAt(header)) .. ARGV[10] .. string.sub(text, metaEnd)
local old = 'R1' .. encode(number % VERSIONS, 4) .. string.sub(header, 7) .. encode(now, 7) .. string.sub(text, HEADER + 1)
set(KEYS[2], old, ARGV[11])
if home.name == from then
  home.name, home.inside = to, new
else
  set(KEYS[3], new, left)
  strike(home, { [from] = true })
  home.others[#home.others + 1] = to
end
close(home, left, set)
return {
  'created', tostring(authenticated), tostring(active), tostring(number), string.sub(text, metaEnd + 1), tostring(spentAt(header)),
  tostring(gap), tostring(math.max(now, active)),
}
`;
