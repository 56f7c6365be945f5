/** KEYS home. ARGV clock, reason, member. */
export const LUA_END: string = String.raw`
local home = open(KEYS[1])
local text = headOf(home, ARGV[3])
if isText(text) and string.sub(text, 1, 1) == 'R' then return 0 end
local ended = bury(home, ARGV[3], ARGV[2], clock(ARGV[1]))
if strike(home, { [ARGV[3]] = true }) or home.name == ARGV[3] then close(home, GRACE, put) end
return ended
`;

/** KEYS home. ARGV clock, reason, app ('' for all), member that is kept ('' for none). */
export const LUA_END_ALL: string = String.raw`
local home, now, ended, gone = open(KEYS[1]), clock(ARGV[1]), 0, {}
for _, member in ipairs(members(home)) do
  if member ~= ARGV[4] and (ARGV[3] == '' or appOf(member) == ARGV[3]) then
    ended = ended + bury(home, member, ARGV[2], now)
    gone[member] = true
  end
end
if next(gone) then
  strike(home, gone)
  close(home, GRACE, put)
end
return ended
`;

/** KEYS home. Members and their texts in turn. */
export const LUA_LIST: string = String.raw`
local home, found = open(KEYS[1]), {}
for _, member in ipairs(members(home)) do
  local text = textOf(home, member)
  if live(text, -1) then
    found[#found + 1] = member
    found[#found + 1] = text
  end
end
return found
`;
