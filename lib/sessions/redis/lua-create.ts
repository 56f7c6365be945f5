/**
 * KEYS home, own key. ARGV clock, latest, floor, idle, absolute, member, fresh, meta, data, and with a limit: max, onLimit, the idle and
 * absolute limits by which a session counts.
 */
export const LUA_CREATE: string = String.raw`
local now, floor, member = clock(ARGV[1]), tonumber(ARGV[3]), ARGV[6]
if ARGV[2] ~= '' and now >= tonumber(ARGV[2]) then return 'late' end
local home = open(KEYS[1])
if home.name == member or redis.call('EXISTS', KEYS[2]) == 1 then return 'conflict' end

local function overBy(header)
  if createdAt(header) <= floor then return 'r' end
  if ARGV[13] ~= '' and now - createdAt(header) >= tonumber(ARGV[13]) then return 'a' end
  if ARGV[12] ~= '' and now - lastActiveAt(header) >= tonumber(ARGV[12]) then return 'i' end
end

-- Without a limit a list is only cleared of what is gone, now and then.
local max, app = tonumber(ARGV[10]), appOf(member)
local over, counted, gone = {}, {}, {}
if max or (#home.others >= MOST_LINES and #home.others % MOST_LINES == 0) then
  for _, other in ipairs(members(home)) do
    local header = live(headOf(home, other), -1)
    local mine = max and appOf(other) == app
    local why = header and mine and overBy(header)
    if not header then gone[other] = true
    elseif why then over[#over + 1] = { other, why }
    elseif mine then counted[#counted + 1] = { other, createdAt(header), #counted } end
  end
end
local excess = max and math.max(0, #counted - max + 1) or 0
if excess > 0 and (ARGV[11] == 'deny' or max < 1) then return 'limit' end

table.sort(counted, function(a, b) if a[2] == b[2] then return a[3] < b[3] end return a[2] < b[2] end)
for at = 1, excess do over[#over + 1] = { counted[at][1], 'l' } end
for _, one in ipairs(over) do
  bury(home, one[1], one[2], now)
  gone[one[1]] = true
end
strike(home, gone)

local created = math.max(now, floor + 1)
local authenticated = ARGV[7] == '1' and created or 0
local left = retention(now, created, created, ARGV[4], ARGV[5])
local text = liveHeader(created, 1, authenticated, created, 0, 0) .. ARGV[8] .. '\n' .. ARGV[9]
local ended, endedText
if live(home.inside, -1) then
  redis.call('SET', KEYS[2], text, 'PX', left)
  home.others[#home.others + 1] = member
else
  ended, endedText = home.name, home.inside
  home.name, home.inside = member, text
end
close(home, left, set)
if ended and string.sub(endedText, 1, 1) == 'X' then
  redis.call('SET', home.key .. ':' .. ended, endedText, 'PX', math.max(home.ttl, GRACE))
end
return { 'created', tostring(created), excess }
`;
