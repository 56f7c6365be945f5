-- Sends the requests of one visitor after the other; the file with their cookies is the argument of the script.
local requests = {}
local sent = 0

function init(args)
  for cookie in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format(nil, nil, { Cookie = cookie, Host = wrk.host })
  end
  if #requests == 0 then
    requests[1] = wrk.format()
  end
end

function request()
  sent = sent + 1
  return requests[sent % #requests + 1]
end
