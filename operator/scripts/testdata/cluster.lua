-- Messages out of nested lists, numbers out of texts. Open libraries.
local lines = {}
for _, pool in ipairs(obj.status and obj.status.pools or {}) do
  for index, node in ipairs(pool.nodes or {}) do
    local used, unit = (node.disk or ""):match("^(%d+%.?%d*)(%a*)$")
    if unit == "Gi" and tonumber(used) > 100 then
      lines[#lines + 1] = ("%s/%02d: %s"):format(pool.name, index, node.disk)
    end
  end
end
if #lines > 0 then
  return { status = "Degraded", message = table.concat(lines, "\n") }
end
local major, minor = string.gmatch(obj.spec.version, "v?(%d+)%.(%d+)")()
if tonumber(major) == 1 and math.floor(minor / 10) < 2 then
  return { status = "Suspended", message = "version " .. major .. "." .. minor .. " is " .. 20 - minor .. " behind" }
end
local phase = string.lower(obj.status.phase or "none"):gsub("^%l", string.upper)
if phase == "None" then
  return {}
end
return { status = phase == "Ready" and "Healthy" or "Progressing", message = phase }
