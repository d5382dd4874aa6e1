# The image that agents run in. `./trinity agent-image` makes its context: dotnet/ server/ clients/ agent-entrypoint.sh.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}

# A base that `./trinity agent-image` has made has them, and then nothing is fetched; any other Debian or Ubuntu gets them here.
RUN if ! command -v git >/dev/null || ! command -v rg >/dev/null || [ ! -e /etc/ssl/certs/ca-certificates.crt ]; then \
      apt-get update && \
      apt-get install -y --no-install-recommends ca-certificates git libstdc++6 passwd procps ripgrep && \
      rm -rf /var/lib/apt/lists/*; \
    fi

# Agents are user 1000, whoever that was in the base. What the server keeps of the credential that it is handed while it
# runs is in /var/lib/trinity: not below the home directory, whose volume outlives the container.
RUN if name=$(id -nu 1000 2>/dev/null); then userdel --remove "$name"; fi; \
    groupadd --gid 1000 developer && \
    useradd --uid 1000 --gid 1000 --create-home --shell /bin/bash developer && \
    install -d -m 0755 -o developer -g developer /var/lib/trinity

COPY dotnet /opt/dotnet
COPY clients /opt/clients
COPY server /opt/trinity
COPY agent-entrypoint.sh /usr/local/bin/agent-entrypoint
RUN ln -s /opt/clients/claude-code/claude /usr/local/bin/claude && ln -s /opt/clients/codex/bin/codex /usr/local/bin/codex

# false: an image of before the reload, which answers 404 to it; an agent of such an image is made anew instead.
ARG CREDENTIAL_RELOAD=true
# Diagnostics off: their socket would let every process of the agent read the server's memory. The clients are what the image has.
ENV HOME=/home/developer \
    TRINITY_AGENTSERVER__LISTEN=http://0.0.0.0:8090 \
    TRINITY_AGENTSERVER__CREDENTIALRELOAD=${CREDENTIAL_RELOAD} \
    DOTNET_EnableDiagnostics=0 \
    DISABLE_AUTOUPDATER=1
LABEL trinity.credential-reload=${CREDENTIAL_RELOAD}

USER developer
WORKDIR /home/developer
EXPOSE 8090
ENTRYPOINT ["/usr/local/bin/agent-entrypoint"]
