-- Posts the lines of a file, each once, and each from an address of its own.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end
function init(args)
  lines, at = {}, 0
  local n = 0
  for line in io.lines(args[1]) do
    if n % tonumber(args[2]) == number then lines[#lines + 1] = line end
    n = n + 1
  end
end
function request()
  at = at + 1
  local line = lines[at]
  if not line then error("no more forms") end
  wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", number, math.floor(at / 250) % 250, at % 250 + 1)
  return wrk.format("POST", nil, nil, line)
end
