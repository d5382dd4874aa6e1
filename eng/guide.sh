# shellcheck shell=bash
# What to do next, printed by every `up`.

print_guide() {
  local bridge control token=$DATA/operator-token
  bridge=http://$(listen_host aibridge):$(listen_port aibridge)
  control=http://$(listen_host controlplane):$(listen_port controlplane)
  cat <<GUIDE

  AiBridge        $bridge
  Control plane   $control   (API: $control/openapi/v1.json)
  Operator token  $token
  Logs            $DATA/logs

Add a provider (types: anthropic, openai, openrouter, openai-compatible):
  curl -fsS '$control/api/v1/providers?wait=applied' \\
    -H "Authorization: Bearer \$(cat '$token')" -H 'Content-Type: application/json' \\
    -d '{"name":"anthropic","type":"anthropic","base_url":"https://api.anthropic.com","api_keys":["<provider key>"]}'

Make a virtual key for an agent; the reply shows it once, as "key":
  curl -fsS '$control/api/v1/virtual-keys?wait=applied' \\
    -H "Authorization: Bearer \$(cat '$token')" -H 'Content-Type: application/json' \\
    -d '{"name":"me"}'

Claude Code, with a provider named "anthropic":
  export ANTHROPIC_BASE_URL=$bridge/anthropic ANTHROPIC_AUTH_TOKEN=<virtual key>

Codex, with a provider named "openai" (base_url https://api.openai.com/v1), in ~/.codex/config.toml,
and TRINITY_KEY=<virtual key> in the environment:
  model_provider = "trinity"
  [model_providers.trinity]
  name = "Trinity"
  base_url = "$bridge/openai/v1"
  wire_api = "responses"
  env_key = "TRINITY_KEY"

GUIDE
}
