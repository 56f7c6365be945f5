/**
 * A note is under `<book>:<id>`: N1, the instant until which it lasts in 7 digits, the text. The key of the book is a sorted set of
 * the ids by the order of writing. Expiry of the keys only tidies up.
 */
export const LUA_NOTE: string = String.raw`
local NOTE_HEAD = 9

-- How long Redis keeps it: a little longer than it lasts, since the clock that counts may be another server's.
local function keptFor(ttl) return math.min(ttl + 1000, LONGEST) end

-- The text of a note that has not expired; else nil.
local function noteText(value, now)
  if not isText(value) or not string.find(value, '^N1[%w_-][%w_-][%w_-][%w_-][%w_-][%w_-][%w_-]') then return nil end
  if now >= decode(value, 3, NOTE_HEAD) then return nil end
  return string.sub(value, NOTE_HEAD + 1)
end

local function readNote(book, id, now) return noteText(redis.pcall('GET', book .. ':' .. id), now) end

local function setNote(book, id, text, now, ttl)
  redis.call('SET', book .. ':' .. id, 'N1' .. encode(now + ttl, 7) .. text, 'PX', keptFor(ttl))
end

-- Ids, oldest first. A key of another type holds none.
local function idsOf(book)
  local ids = redis.pcall('ZRANGE', book, 0, -1)
  return ids.err and {} or ids
end

-- The book is kept as long as the note that is kept longest.
local function keepBook(book, ttl)
  if redis.call('PTTL', book) < keptFor(ttl) then redis.call('PEXPIRE', book, keptFor(ttl)) end
end
`;

/** KEYS book. ARGV clock, latest, id, ttl, most notes, text. 1: written; 0: there is one already. */
export const LUA_WRITE_NOTE: string = String.raw`
local now, book, id, ttl = clock(ARGV[1]), KEYS[1], ARGV[3], tonumber(ARGV[4])
if ARGV[2] ~= '' and now >= tonumber(ARGV[2]) then return 'late' end
if readNote(book, id, now) then return 0 end
-- The first write, so that without memory for it nothing is changed.
setNote(book, id, ARGV[6], now, ttl)
if redis.call('TYPE', book).ok ~= 'zset' then redis.call('DEL', book) end

local kept = {}
for _, other in ipairs(idsOf(book)) do
  local head = other ~= id and redis.pcall('GETRANGE', book .. ':' .. other, 0, NOTE_HEAD - 1)
  if other ~= id and noteText(head, now) then kept[#kept + 1] = other
  else
    redis.call('ZREM', book, other)
    if other ~= id then redis.call('DEL', book .. ':' .. other) end
  end
end
for at = 1, #kept + 1 - tonumber(ARGV[5]) do
  redis.call('ZREM', book, kept[at])
  redis.call('DEL', book .. ':' .. kept[at])
end

local newest = redis.call('ZRANGE', book, -1, -1, 'WITHSCORES')[2]
redis.call('ZADD', book, math.max(now, newest and tonumber(newest) + 1 or 0), id)
keepBook(book, ttl)
return 1
`;

/** KEYS book. ARGV clock, id. The instant, and the text if there is one. */
export const LUA_READ_NOTE: string = String.raw`
local now = clock(ARGV[1])
return { tostring(now), readNote(KEYS[1], ARGV[2], now) }
`;

/** KEYS book. ARGV clock, latest, id. As reading, but the note is gone then. */
export const LUA_TAKE_NOTE: string = String.raw`
local now, book, id = clock(ARGV[1]), KEYS[1], ARGV[3]
if ARGV[2] ~= '' and now >= tonumber(ARGV[2]) then return 'late' end
local text = readNote(book, id, now)
redis.call('DEL', book .. ':' .. id)
redis.pcall('ZREM', book, id)
return { tostring(now), text }
`;

/** KEYS book. ARGV clock, latest, id, ttl, the text there must be, the text there is to be. */
export const LUA_CHANGE_NOTE: string = String.raw`
local now, book, id, ttl = clock(ARGV[1]), KEYS[1], ARGV[3], tonumber(ARGV[4])
if ARGV[2] ~= '' and now >= tonumber(ARGV[2]) then return 'late' end
if readNote(book, id, now) ~= ARGV[5] then return 0 end
setNote(book, id, ARGV[6], now, ttl)
keepBook(book, ttl)
return 1
`;

/** KEYS book. ARGV clock. The instant, then ids and texts in turn. */
export const LUA_LIST_NOTES: string = String.raw`
local now, book = clock(ARGV[1]), KEYS[1]
local found = { tostring(now) }
for _, id in ipairs(idsOf(book)) do
  local text = readNote(book, id, now)
  if text then
    found[#found + 1] = id
    found[#found + 1] = text
  end
end
return found
`;
