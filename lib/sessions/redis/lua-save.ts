/** KEYS home. ARGV clock, latest, floor, member, most bytes, then pairs: key as JSON text, value as JSON text ('' to remove). */
export const LUA_SAVE: string = String.raw`
if ARGV[2] ~= '' and clock(ARGV[1]) >= tonumber(ARGV[2]) then return 'late' end
local key, _, value, before = find(KEYS[1], ARGV[4])
local header = live(value, tonumber(ARGV[3]))
local metaEnd = header and string.find(value, '\n', HEADER + 1, true)
if not metaEnd then return 'gone' end

local changes, order = {}, {}
for at = 6, #ARGV, 2 do
  changes[ARGV[at]] = ARGV[at + 1]
  order[#order + 1] = ARGV[at]
end

-- The key that a line starts with: up to the first quote that is not escaped.
local function keyOf(line)
  local at = 2
  while true do
    local found = string.find(line, '["\\]', at)
    if not found then return line end
    if string.byte(line, found) == 34 then return string.sub(line, 1, found) end
    at = found + 2
  end
end

local lines = {}
local body = string.sub(value, metaEnd + 2, -2)
local from = 1
while body ~= '' and from do
  local stop = string.find(body, ',\n', from, true)
  local line = string.sub(body, from, stop and stop - 1)
  local key = keyOf(line)
  local change = changes[key]
  if change == nil then lines[#lines + 1] = line
  elseif change ~= '' then lines[#lines + 1] = key .. ':' .. change end
  changes[key] = nil
  from = stop and stop + 2
end
for _, key in ipairs(order) do
  local change = changes[key]
  if change and change ~= '' then lines[#lines + 1] = key .. ':' .. change end
end

local data = '{' .. table.concat(lines, ',\n') .. '}'
if #data > tonumber(ARGV[5]) then return 'large' end
local number = encode((version(header) + 1) % VERSIONS, 4)
redis.call('SET', key, before .. 'L1' .. number .. string.sub(value, 7, metaEnd) .. data, 'KEEPTTL')
return 'written'
`;
