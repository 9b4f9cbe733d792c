local function replicas(object)
  if object.spec.replicas == nil then
    return 1
  end
  return tonumber(object.spec.replicas)
end

local function paused(object)
  if object.spec.paused then
    return true, "Rollout is paused"
  end
  for _, reason in ipairs(object.status and object.status.pauseConditions or {}) do
    return true, "Rollout is paused: " .. reason.reason
  end
  return false
end

local is, why = paused(obj)
if is then
  return { status = "Suspended", message = why }
end
if obj.status == nil or tostring(obj.status.observedGeneration or "") ~= tostring(obj.metadata.generation) then
  return { status = "Progressing", message = "Waiting for rollout spec update to be observed" }
end
local wanted, updated, available = replicas(obj), obj.status.updatedReplicas or 0, obj.status.availableReplicas or 0
if updated < wanted then
  return { status = "Progressing", message = updated .. " out of " .. wanted .. " new replicas have been updated" }
end
if available / wanted < 1 then
  return { status = "Progressing", message = "Only " .. available / wanted * 100 .. "% are available" }
end
return { status = "Healthy" }
