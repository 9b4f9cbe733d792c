local table_contains = function(list, wanted)
  for i = 1, table.getn(list) do
    if list[i] == wanted then
      return true
    end
  end
  return false
end

local has_no_status = { "ProviderConfig", "ProviderConfigUsage" }
if obj.status == nil or next(obj.status) == nil then
  if table_contains(has_no_status, obj.kind) then
    return { status = "Healthy", message = "Resource is up-to-date." }
  end
  return { status = "Progressing", message = "Provisioning " .. obj.kind .. "..." }
end

local messages, unsynced = {}, false
for _, condition in pairs(obj.status.conditions or {}) do
  if condition.type == "LastAsyncOperation" and condition.status == "False" then
    return { status = "Degraded", message = condition.message }
  end
  if condition.type == "Synced" and condition.status == "False" then
    unsynced = true
    table.insert(messages, condition.message)
  end
end
if unsynced then
  table.sort(messages)
  return { status = "Degraded", message = table.concat(messages, "; ") }
end
for _, condition in pairs(obj.status.conditions or {}) do
  if table_contains({ "Ready", "Healthy", "Offered", "Established" }, condition.type) and condition.status == "True" then
    return { status = "Healthy", message = "Resource is up-to-date." }
  end
end
return { status = "Progressing", message = "Provisioning " .. obj.kind .. "..." }
