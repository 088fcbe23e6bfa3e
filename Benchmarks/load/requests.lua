-- What wrk sends in each scenario, and the one line of JSON with which it reports.
-- The first argument after `--` names the kind of request; not a load test of its own.

local function browser()
  local fields = {
    ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    ["Accept-Language"] = "en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7",
    ["Cache-Control"] = "max-age=0",
    ["Cookie"] = "consent=1; theme=dark; locale=en-GB; basket=8f14e45fceea167a5a36dedd4bea2543; "
      .. "visit=1763800000.9d5ed678fe57bcca610140957afab571; ab=variant-b; seen=17,23,42,99",
    ["DNT"] = "1",
    ["Origin"] = "https://www.shop.example",
    ["Pragma"] = "no-cache",
    ["Priority"] = "u=0, i",
    ["Referer"] = "https://www.shop.example/catalogue/shoes?page=3&sort=price&order=ascending",
    ["Sec-CH-UA"] = '"Chromium";v="140", "Not=A?Brand";v="24", "Example";v="140"',
    ["Sec-CH-UA-Arch"] = '"x86"',
    ["Sec-CH-UA-Bitness"] = '"64"',
    ["Sec-CH-UA-Full-Version"] = '"140.0.7339.127"',
    ["Sec-CH-UA-Mobile"] = "?0",
    ["Sec-CH-UA-Model"] = '""',
    ["Sec-CH-UA-Platform"] = '"Linux"',
    ["Sec-CH-UA-Platform-Version"] = '"6.12.0"',
    ["Sec-CH-Prefers-Color-Scheme"] = "dark",
    ["Sec-Fetch-Dest"] = "document",
    ["Sec-Fetch-Mode"] = "navigate",
    ["Sec-Fetch-Site"] = "same-origin",
    ["Sec-Fetch-User"] = "?1",
    ["Sec-GPC"] = "1",
    ["Save-Data"] = "on",
    ["Upgrade-Insecure-Requests"] = "1",
    ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    ["Viewport-Width"] = "1920",
    ["X-Requested-With"] = "XMLHttpRequest",
    ["X-Client-Data"] = "CIa2yQEIorbJAQipncoBCMDdygEIlaHLAQ==",
  }
  for name, value in pairs(fields) do wrk.headers[name] = value end
end

-- Each request is one of domains times routes, at random but the same for every proxy.
local function spread(domains, routes)
  local heads = {}
  for domain = 1, domains do
    for route = 1, routes do
      local headers = { ["Host"] = string.format("d%d.bench.example", domain) }
      heads[#heads + 1] = wrk.format("GET", string.format("/r%d/item", route), headers)
    end
  end
  math.randomseed(1)
  local count = #heads
  request = function() return heads[math.random(count)] end
end

function init(args)
  local kind = args[1]
  if kind == "close" then
    wrk.headers["Connection"] = "close"
  elseif kind == "upload" then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/octet-stream"
    wrk.body = string.rep("0123456789abcdef", 65536)
  elseif kind == "fields" then
    browser()
  elseif kind == "domains" then
    spread(tonumber(args[2]), tonumber(args[3]))
  end
end

function done(summary, latency)
  local failed = summary.errors
  print(string.format(
    '@{"requests": %d, "bytes": %d, "seconds": %f, "p50": %d, "p99": %d, "worst": %d, '
    .. '"errors": {"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}',
    summary.requests, summary.bytes, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99), latency.max,
    failed.connect, failed.read, failed.write, failed.status, failed.timeout))
end
