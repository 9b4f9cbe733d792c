/**
 * Runs once in a new machine, where only base, table, string, math and os exist (never io, debug or
 * package). Yields two functions: the first makes the globals of one run, all tables new, so that
 * nothing a script changes is seen by the next; the second sets whether texts have methods.
 *
 * Left out on purpose: whatever loads code (a made-up binary chunk breaks Lua 5.1), whatever reaches
 * the real globals (getfenv, setfenv), and newproxy, whose finalizers would run in a later script.
 */
export const ENVIRONMENT: string = `
local pairs, error, getmetatable, tostring, tonumber = pairs, error, getmetatable, tostring, tonumber
local type, select, pcall, unpack = type, select, pcall, unpack
local format, gsub, floor, ceil = string.format, string.gsub, math.floor, math.ceil

local function pick(from, names)
  local copy = {}
  for name in names:gmatch('%S+') do copy[name] = from[name] end
  return copy
end

local function copy(from)
  local to = {}
  for key, value in pairs(from) do to[key] = value end
  return to
end

local base = pick(_G, [[
  assert error getmetatable ipairs next pairs pcall rawequal rawget rawset select setmetatable
  tonumber tostring type unpack xpcall _VERSION
]])
-- C writes whole numbers from 1e14 on with an exponent.
local function text(value)
  if type(value) == 'number' and value % 1 == 0 then
    local size = value < 0 and -value or value
    if size >= 1e14 and size < 2^63 then return format('%.0f', value) end
  end
  return tostring(value)
end
function base.tostring(...)
  if select('#', ...) == 0 then
    error("bad argument #1 to 'tostring' (value expected)", 2)
  end
  return text((...))
end

-- As the Lua of Argo CD: %d takes whole numbers of any size, where C has 32 bits, and %s and %v
-- whatever there is.
local function formatted(pattern, ...)
  local values, count, at = { ... }, select('#', ...), 0
  if type(pattern) == 'string' then
    pattern = gsub(pattern, '%%([-+ #0]*)(%d*)(%.?%d*)(.)', function(flags, width, precision, letter)
      if letter == '%' then return nil end
      at = at + 1
      local value = values[at]
      if letter == 's' or letter == 'v' then
        if at <= count and type(value) ~= 'string' then values[at] = text(value) end
        return '%' .. flags .. width .. precision .. 's'
      end
      local number = tonumber(value)
      if (letter == 'd' or letter == 'i') and number and (number >= 2^31 or number < -2^31) then
        values[at] = number < 0 and ceil(number) or floor(number)
        return '%' .. flags .. width .. '.0f'
      end
    end)
  end
  local ok, result = pcall(format, pattern, unpack(values, 1, count))
  if ok then return result end
  error(gsub(result, "to '%?'", "to 'format'"), 2)
end
function base.print() end
function base.collectgarbage() return 0 end
local open = {
  string = pick(string, [[
    byte char find format gfind gmatch gsub len lower match rep reverse sub upper
  ]]),
  math = copy(math),
  coroutine = copy(coroutine),
}
open.string.format = formatted
local tables = copy(table)
local clock = pick(os, 'time date')
local timing = pick(os, 'time date clock difftime')

local texts = getmetatable('')
texts.__metatable = false

local globals = _G
for name in pairs(copy(globals)) do globals[name] = nil end

local function environment(openLibs)
  local env = copy(base)
  env._G = env
  env.table = copy(tables)
  if openLibs then
    for name, library in pairs(open) do env[name] = copy(library) end
    env.os = copy(timing)
  end
  local os
  function env.require(name)
    if name == 'os' then
      os = os or env.os or copy(clock)
      return os
    end
    error("module '" .. tostring(name) .. "' not found: only 'os' is there", 2)
  end
  return env
end

local function textMethods(openLibs)
  texts.__index = openLibs and open.string or nil
end

return environment, textMethods
`;
