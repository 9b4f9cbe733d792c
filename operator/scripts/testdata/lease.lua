-- Is the renewal older than its duration? Times are texts, so they are taken apart. Open libraries.
local pattern = "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)%.?%d*Z$"
local spec = obj.spec or {}
if type(spec.renewTime) ~= "string" then
  return nil
end
local year, month, day, hour, min, sec = string.match(spec.renewTime, pattern)
if year == nil then
  error("cannot read the time " .. spec.renewTime)
end
local renewed = os.time({ year = year, month = month, day = day, hour = hour, min = min, sec = sec })
local age = os.difftime(os.time(), renewed)
if age > (spec.leaseDurationSeconds or 15) then
  return { status = "Degraded", message = string.format("not renewed for %d s, since %s", age, os.date("!%H:%M", renewed)) }
end
return { status = "Healthy", message = ("held by %s"):format(spec.holderIdentity or "nobody") }
