/**
 * The home of a tag: one key with the first session of the tag in it and the names of the others, each under a key of its own. Most
 * subjects have one session, so most sessions need no second key to be found by their subject.
 *
 *   app:profile:digest of the session inside, or nothing
 *   app:profile:digest of another, a line each; past 16 a plus, and the lines are in a key of their own
 *   an empty line and the session inside, if there is one
 */
export const LUA_FIND: string = String.raw`
-- Where a session is: its key, where it begins there, its text, and what stands before it.
local function find(home, member)
  local text = redis.pcall('GET', home)
  if not isText(text) then return home, 0, nil, '' end
  if string.sub(text, 1, #member + 1) == member .. '\n' then
    local cut = string.find(text, '\n\n', #member + 1, true)
    if cut then return home, cut + 1, string.sub(text, cut + 2), string.sub(text, 1, cut + 1) end
  end
  local own = home .. ':' .. member
  return own, 0, redis.pcall('GET', own), ''
end
`;

/** The home as a whole, for scripts that change it. */
export const LUA_HOME: string = String.raw`
local MOST_LINES = 16

local function open(key)
  local home = { key = key, others = {}, ttl = redis.call('PTTL', key) }
  local text = redis.pcall('GET', key)
  if not isText(text) then return home end
  local cut = string.find(text, '\n\n', 1, true)
  if cut then home.inside, text = string.sub(text, cut + 2), string.sub(text, 1, cut - 1) end
  local stop = string.find(text, '\n', 1, true)
  if home.inside then home.name = string.sub(text, 1, stop and stop - 1) end
  local lines = stop and string.sub(text, stop + 1) or ''
  home.spilled = lines == '+'
  if home.spilled then lines = redis.pcall('GET', key .. ':') end
  if isText(lines) then for member in string.gmatch(lines, '[^\n]+') do home.others[#home.others + 1] = member end end
  return home
end

local function set(key, text, left) redis.call('SET', key, text, 'PX', left) end

-- A session that ends must end even when there is no memory to say so. After a first write that frees some, others are allowed.
local function put(key, text, left)
  local stored = redis.pcall('SET', key, text, 'PX', left)
  if type(stored) ~= 'table' or not stored.err then return end
  redis.call('DEL', key)
  set(key, text, left)
end

-- Kept as long as the session that is kept longest; left is that of the one just written. Written by set or by put.
local function close(home, left, write)
  local spills, lines = #home.others > MOST_LINES, table.concat(home.others, '\n')
  local ttl = math.max(home.ttl, left)
  if home.spilled and not spills then redis.call('DEL', home.key .. ':') end
  if not home.inside and lines == '' then return redis.call('DEL', home.key) end
  local text = home.name or ''
  if spills then text = text .. '\n+' elseif lines ~= '' then text = text .. '\n' .. lines end
  if home.inside then text = text .. '\n\n' .. home.inside end
  write(home.key, text, ttl)
  if spills then write(home.key .. ':', lines, ttl) end
end

local function members(home)
  local all = { home.name }
  for _, member in ipairs(home.others) do all[#all + 1] = member end
  return all
end

local function textOf(home, member)
  if home.name == member then return home.inside end
  return redis.pcall('GET', home.key .. ':' .. member)
end

local function headOf(home, member)
  if home.name == member then return home.inside end
  return redis.pcall('GETRANGE', home.key .. ':' .. member, 0, HEADER - 1)
end

local function strike(home, unwanted)
  local kept = {}
  for _, member in ipairs(home.others) do if not unwanted[member] then kept[#kept + 1] = member end end
  local struck = #kept < #home.others
  home.others = kept
  return struck
end

local function appOf(member) return string.match(member, '^([^:]+):') end

-- The digest of the session that this one took over from, a moment ago or long ago.
local function predecessor(text)
  local metaAt = string.sub(text, 1, 1) == 'R' and HEADER + 8 or HEADER + 1
  return string.match(text, '^{"p":"([%w_-]+)"', metaAt)
end

local function buryKey(key, stone)
  local left = redis.call('PTTL', key)
  if left < 0 then left = LONGEST end
  put(key, stone, math.max(left, GRACE))
end

-- Puts a tombstone in the place of what a session took over from, and that from another, while it still answers.
local function buryBefore(home, member, text, stone)
  for _ = 1, 16 do
    local digest = predecessor(text)
    if not digest then return end
    local key = home.key .. ':' .. string.match(member, '^(.*:)') .. digest
    text = redis.pcall('GETRANGE', key, 0, HEADER + 80)
    if not isText(text) or string.sub(text, 1, 1) ~= 'R' then return end
    buryKey(key, stone)
  end
end

-- Puts a tombstone in the place of a session. 1: it was live. The home is still to be closed.
local function bury(home, member, reason, now)
  local stone, key = 'X1' .. reason .. encode(now, 7), home.key .. ':' .. member
  local inside = home.name == member
  local text = inside and home.inside or redis.pcall('GETRANGE', key, 0, HEADER + 80)
  if text == '' or (isText(text) and string.sub(text, 1, 1) == 'X') then return 0 end
  if inside then home.inside = stone else buryKey(key, stone) end
  if isText(text) then buryBefore(home, member, text, stone) end
  return live(text, -1) and 1 or 0
end
`;
