/** What the scripts share: the clock, and the numbers of a header (see record-format.ts for its layout). */
export const LUA_RECORD: string = String.raw`
local HEADER = 40
local GRACE = 60000
local LONGEST = 34560000000
local VERSIONS = 16777216
local MOST_GAP = 68719476735
local DIGITS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

-- '+<offset>': the clock of this server, and so much on top. Else it is the instant itself.
local function clock(arg)
  if string.byte(arg) ~= 43 then return tonumber(arg) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(string.sub(arg, 2))
end

local function encode(number, width)
  local digits = {}
  for at = width, 1, -1 do
    local digit = number % 64
    digits[at] = string.sub(DIGITS, digit + 1, digit + 1)
    number = (number - digit) / 64
  end
  return table.concat(digits)
end

-- By ranges of ASCII: a table of digits would have to be made for every call.
local function decode(text, from, to)
  local number = 0
  for at = from, to do
    local byte = string.byte(text, at)
    local digit = byte >= 97 and byte - 59 or byte == 95 and 37 or byte >= 65 and byte - 54 or byte >= 48 and byte - 47 or 0
    number = number * 64 + digit
  end
  return number
end

local function version(header) return decode(header, 3, 6) end
local function createdAt(header) return decode(header, 7, 13) end
local function authenticatedAt(header) return decode(header, 14, 20) end
local function lastActiveAt(header) return decode(header, 21, 27) end
local function longestGap(header) return decode(header, 28, 33) end
local function spentAt(header) return decode(header, 34, 40) end

local function liveHeader(created, number, authenticated, active, gap, spent)
  return 'L1' .. encode(number % VERSIONS, 4) .. encode(created, 7) .. encode(authenticated, 7) .. encode(active, 7)
    .. encode(math.min(gap, MOST_GAP), 6) .. encode(spent, 7)
end

local function isText(value) return type(value) == 'string' end

-- The header of a session that may be written to, created after the floor; else nil.
local function live(text, floor)
  if not isText(text) then return nil end
  local header = string.sub(text, 1, HEADER)
  if #header ~= HEADER or not string.find(header, '^L1[%w_-]+$') or createdAt(header) <= floor then return nil end
  return header
end

-- How long from now a record can matter. Limits are milliseconds, or '' for none.
local function retention(now, created, active, idle, absolute)
  local at = active + LONGEST
  if idle ~= '' then at = math.min(at, active + 2 * tonumber(idle) + GRACE) end
  if absolute ~= '' then at = math.min(at, created + tonumber(absolute) + GRACE) end
  return math.max(at - now, 1000)
end
`;
