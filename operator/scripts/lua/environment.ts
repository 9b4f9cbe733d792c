/**
 * Runs once in a new machine, where only base, table, string, math and os exist (never io, debug or
 * package). Yields two functions: the first makes the globals of one run, all tables new, so that
 * nothing a script changes is seen by the next; the second sets whether texts have methods.
 *
 * Left out on purpose: whatever loads code (a made-up binary chunk breaks Lua 5.1), whatever reaches
 * the real globals (getfenv, setfenv), and newproxy, whose finalizers would run in a later script.
 */
export const ENVIRONMENT: string = `
local pairs, error, getmetatable, tostring = pairs, error, getmetatable, tostring

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
function base.print() end
function base.collectgarbage() return 0 end
local open = {
  string = pick(string, [[
    byte char find format gfind gmatch gsub len lower match rep reverse sub upper
  ]]),
  math = copy(math),
  coroutine = copy(coroutine),
}
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
