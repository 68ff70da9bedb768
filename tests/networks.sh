#!/usr/bin/env bash
# Every network a municipality has, as network namespaces on this machine: real nodes, a real proxy
# (tinyproxy), a real web server (nginx), real address translation, and a line that turns bad.
#
#   KS      10.9.0.2   the association: a relay; nginx with TLS on 443, TCP and QUIC on 7421
#   Oslo    10.9.0.5   on the open network
#   Bergen  10.8.0.2   sees its proxy 10.8.0.1 and nothing else; that asks for a login and lets out 443 only
#   Utsira  10.7.0.2   behind address translation at 10.9.0.4: nobody can dial it
#
# In the end all hold everything, first on a good line and then on one that loses 5 % and delays 200 ms.
#
# Usage: tests/networks.sh PROGRAM, as root. Where this cannot be done it says why and ends well.
set -euo pipefail

program=$(realpath "${1:?which praksis program}")
patience=180 # seconds for any one thing; the bad line needs some twenty
cases=${CASES:-5} # of each municipality, in each of the two rounds

skip() { printf 'networks: not run: %s\n' "$1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "only root may make network namespaces"
for tool in ip iptables tinyproxy nginx openssl jq python3; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -e /dev/net/tun ] || skip "this system has no TAP devices"
id="pk$$"
ip netns add "$id-world" 2>/dev/null || skip "this system allows no network namespaces"

dir=$(mktemp -d)
started=()
cleanup() {
  local status=$?
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for name in world ks oslo proxy bergen nat utsira; do
    ip netns del "$id-$name" 2>/dev/null || true
    rm -rf "/etc/netns/$id-$name"
  done
  if [ "$status" != 0 ]; then
    for log in "$dir"/*.log; do printf '\n-- %s\n' "$log"; tail -n 15 "$log"; done
  fi
  rm -rf "$dir"
}
trap cleanup EXIT
say() { printf '%4d s  %s\n' "$SECONDS" "$1"; }
fail() { printf 'networks: %s\n' "$1" >&2; exit 1; }

inside() { local name=$1; shift; ip netns exec "$id-$name" "$@"; }
# Starts a process that ends with this script.
begin() {
  local name=$1 log=$2; shift 2
  ip netns exec "$id-$name" "$@" >"$dir/$log.log" 2>&1 &
  started+=($!)
}
until_true() {
  local what=$1 deadline=$((SECONDS + patience)); shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "waited in vain: $what"
    sleep 0.2
  done
}

# -- The lines ----------------------------------------------------------------------------------
inside world ip link add bridge type bridge
inside world ip link set bridge up
# A cable from a namespace to the world's bridge, or to another namespace, with an address at each end.
cable() {
  local from=$1 address=$2 to=$3 other=${4:-}
  ip link add "$id-a" netns "$id-$from" type veth peer name "$id-b" netns "$id-$to"
  inside "$from" ip link set "$id-a" name "to-$to"
  inside "$to" ip link set "$id-b" name "to-$from"
  inside "$from" ip address add "$address" dev "to-$to"
  inside "$from" ip link set "to-$to" up
  inside "$to" ip link set "to-$from" up
  if [ -n "$other" ]; then inside "$to" ip address add "$other" dev "to-$from"
  else inside "$to" ip link set "to-$from" master bridge; fi
}
for name in ks oslo proxy bergen nat utsira; do
  ip netns add "$id-$name"
  inside "$name" ip link set lo up
done
# The association's cable, of which every way makes use.
python3 "$(dirname "$0")/bad_line.py" "$id-x" "$id-y" 2>"$dir/line.log" &
line=$!
started+=("$line")
until_true "the line is there" ip link show "$id-y"
ip link set "$id-x" netns "$id-ks"
ip link set "$id-y" netns "$id-world"
inside ks ip address add 10.9.0.2/24 dev "$id-x"
inside ks ip link set "$id-x" up
inside world ip link set "$id-y" master bridge
inside world ip link set "$id-y" up
cable oslo 10.9.0.5/24 world
cable proxy 10.9.0.3/24 world
cable bergen 10.8.0.2/24 proxy 10.8.0.1/24
cable nat 10.9.0.4/24 world
cable utsira 10.7.0.2/24 nat 10.7.0.1/24
inside utsira ip route add default via 10.7.0.1
inside nat sysctl -qw net.ipv4.ip_forward=1
inside nat iptables -t nat -A POSTROUTING -o to-world -j MASQUERADE
# Only the proxy can resolve the association's name.
mkdir -p "/etc/netns/$id-proxy"
printf '127.0.0.1 localhost\n10.9.0.2 ks.test\n' >"/etc/netns/$id-proxy/hosts"
inside bergen bash -c '</dev/tcp/10.9.0.2/443' 2>/dev/null && fail "Bergen reaches the world by itself"

# -- The proxy, and the web server before the association ------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=test" \
  -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=ks.test" \
  -keyout "$dir/ks.key" -out "$dir/ks.csr" 2>/dev/null
openssl x509 -req -in "$dir/ks.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -days 2 -out "$dir/ks.pem" \
  -extfile <(printf 'subjectAltName=DNS:ks.test') 2>/dev/null
cat >"$dir/nginx.conf" <<END
daemon off; pid $dir/nginx.pid; error_log $dir/nginx-errors.log; worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
  server {
    listen 443 ssl; server_name ks.test; ssl_protocols TLSv1.2; # as much as what inspects TLS may speak
    ssl_certificate $dir/ks.pem; ssl_certificate_key $dir/ks.key;
    location / {
      proxy_pass http://127.0.0.1:7422;
      proxy_http_version 1.1;
      proxy_set_header Upgrade \$http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header Host \$host;
      proxy_read_timeout 2m;
    }
  }
}
END
cat >"$dir/tinyproxy.conf" <<END
Port 3128
Listen 10.8.0.1
Timeout 600
LogLevel Connect
ConnectPort 443
BasicAuth ola hemmelig
END
begin ks nginx nginx -c "$dir/nginx.conf"
begin proxy tinyproxy tinyproxy -d -c "$dir/tinyproxy.conf"

# -- The nodes ----------------------------------------------------------------------------------
declare -A node
praksis() { local name=$1; shift; inside "$name" "$program" --lang en --dir "$dir/$name" "$@"; }
serve() {
  local name=$1; shift
  begin "$name" "$name" "$program" --lang en --dir "$dir/$name" run --log info,praksis_node=debug --http 127.0.0.1:7420 "$@"
  node[$name]=${started[-1]}
  until_true "$name serves" praksis "$name" status
}
stop() {
  kill "${node[$1]}"
  wait "${node[$1]}" || fail "$1 did not stop well"
}
joins() {
  praksis "$1" join "$(praksis ks --json invite --org "$2" | jq -r .invitation)" --wait 100 >/dev/null
  say "$1 is a member"
}
praksis ks init --org 310000043 --name KS --contact post@ks.example --association >/dev/null
praksis oslo init --org 310000035 --name Oslo --contact post@oslo.example >/dev/null
praksis bergen init --org 310000027 --name Bergen --contact post@bergen.example >/dev/null
praksis utsira init --org 310000019 --name Utsira --contact post@utsira.example >/dev/null
serve ks --relay --listen /ip4/10.9.0.2/tcp/7421 --listen /ip4/10.9.0.2/udp/7421/quic-v1 --listen /ip4/127.0.0.1/tcp/7422/ws \
  --announce /dns4/ks.test/tcp/443/tls/ws --announce /ip4/10.9.0.2/tcp/7421 --announce /ip4/10.9.0.2/udp/7421/quic-v1
serve oslo
serve_bergen() { serve bergen --relayed --proxy http://ola:hemmelig@10.8.0.1:3128 --extra-ca "$dir/ca.pem"; }
serve_bergen
serve utsira --relayed
joins oslo 310000035
joins bergen 310000027
joins utsira 310000019
grep -q "Request.*CONNECT ks.test:443" "$dir/tinyproxy.log" || fail "the proxy was not asked for ks.test:443"
if grep -rqs hemmelig "$dir/bergen.log"; then fail "the proxy's password stands in the log"; fi

# -- All hold everything -----------------------------------------------------------------------------
shares() {
  local name=$1 round=$2 number
  for number in $(seq $cases); do
    printf '{"title":{"nb":"%s runde %s sak %s"},"content_lang":"nb","need":"Vi oppdager for sent at noe har stoppet.","sector":["ict_digital"],"phase":"need","external_ids":[{"scheme":"archive","id":"%s/%s"}]}\n' \
      "$name" "$round" "$number" "$round" "$number"
  done >"$dir/$name.jsonl"
  praksis "$name" import "$dir/$name.jsonl" >/dev/null
  praksis "$name" case share --all >/dev/null
}
holds() { [ "$(praksis "$1" --json status | jq '.documents.case // 0')" = "$2" ]; }
everything() {
  local round=$1 name
  for name in oslo bergen utsira; do shares "$name" "$round"; done
  for name in ks oslo bergen utsira; do
    until_true "$name holds everything" holds "$name" $((3 * cases * round))
  done
  say "round $round: all four hold all $((3 * cases * round)) cases"
}
# Oslo has a connection with a node that nobody can dial, through the relay.
reaches() {
  praksis "$1" --json peer list | jq -e --arg name "$2" \
    '[.. | objects | select((.name? == $name or .org_name? == $name) and .connected? == true)] | length > 0'
}
everything 1
until_true "Oslo reaches Utsira" reaches oslo Utsira
until_true "Oslo reaches Bergen" reaches oslo Bergen
say "Oslo is connected with Utsira and Bergen, through the relay"

kill -USR1 "$line"
for name in bergen utsira; do stop $name; done
serve_bergen
serve utsira --relayed
everything 2
say "the same with 5 % loss each way, 200 ms there and back, and both connected anew"
