#!/bin/bash
# A throw-away mail server for tests: Dovecot (IMAP, LMTP) and Postfix (SMTP), all state below one folder, loopback only.
#
#   mailstack.sh start DIR [USERS] [BASE_PORT]     mailstack.sh stop DIR
#
# Users support@support.test and u1..uN at support.test and customer.test, password "secret". Ports from BASE_PORT (default 11000):
#   +0 IMAP with STARTTLS   +1 IMAPS   +2 LMTP   +3 SMTP without login   +4 submission (STARTTLS, login)   +5 SMTPS (login)
#   +9 is asked for the validity of OAuth 2 tokens (RFC 7662) and is served by the test.
# Needs root and the packages dovecot-imapd dovecot-lmtpd dovecot-sieve postfix openssl.
set -euo pipefail

usage() {
  sed -n '2,8p' "$0" >&2
  exit 64
}
[ $# -ge 2 ] || usage
command=$1
dir=$2
users=${3:-10}
base=${4:-11000}
imap=$base imaps=$((base + 1)) lmtp=$((base + 2)) smtp=$((base + 3)) submission=$((base + 4)) smtps=$((base + 5))
introspection=$((base + 9))

prepare_folders() {
  mkdir -p "$dir"/{run,mail,postfix,queue,postfix-data}
  chmod 755 "$dir"
  chown mail:mail "$dir/mail"
  chown postfix "$dir/postfix-data"
}

make_certificate() {
  [ -f "$dir/key.pem" ] && return
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
}

write_users() {
  echo 'support@support.test:{PLAIN}secret::::::' >"$dir/users"
  for number in $(seq "$users"); do
    for domain in support.test customer.test; do
      echo "u$number@$domain:{PLAIN}secret::::::"
    done
  done >>"$dir/users"
}

write_dovecot_conf() {
  cat >"$dir/oauth2.conf" <<CONF
introspection_mode = post
introspection_url = http://127.0.0.1:$introspection/introspect
username_attribute = email
active_attribute = active
active_value = true
timeout_msecs = 2000
CONF
  cat >"$dir/dovecot.conf" <<CONF
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <$dir/cert.pem
ssl_key = <$dir/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_cache_size = 0
first_valid_uid = 8
first_valid_gid = 8
mail_uid = mail
mail_gid = mail
mail_home = $dir/mail/%d/%n
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 200
submission_host = 127.0.0.1:$smtp
recipient_delimiter = +
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = $dir/users
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $dir/oauth2.conf
}
userdb {
  driver = passwd-file
  args = $dir/users
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \Sent
    auto = subscribe
  }
  mailbox Junk {
    special_use = \Junk
    auto = subscribe
  }
  mailbox Trash {
    special_use = \Trash
    auto = subscribe
  }
}
service anvil {
  client_limit = 2000
  # Without this each refused login delays the following ones by 2, 4, 8, 16 seconds.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  client_limit = 4000
  unix_listener $dir/queue/private/auth {
    mode = 0666
  }
}
service imap-login {
  service_count = 0
  client_limit = 1000
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = $imaps
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $lmtp
  }
}
protocol lmtp {
  mail_plugins = sieve
  postmaster_address = postmaster@support.test
}
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
  sieve_vacation_min_period = 0
}
CONF
}

write_postfix_conf() {
  cat >"$dir/postfix/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/postfix-data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = $dir/postfix.log
maillog_file_prefixes = $dir, /var, /dev/stdout
myhostname = mx.support.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = static:all
virtual_mailbox_maps =
virtual_transport = lmtp:inet:127.0.0.1:$lmtp
recipient_delimiter = +
disable_dns_lookups = yes
smtpd_tls_cert_file = $dir/cert.pem
smtpd_tls_key_file = $dir/key.pem
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_client_connection_count_limit = 0
message_size_limit = 73400320
virtual_mailbox_limit = 0
minimal_backoff_time = 5s
queue_run_delay = 5s
CONF
  local login="-o smtpd_sasl_auth_enable=yes -o mynetworks= -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
  login="$login -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject"
  cat >"$dir/postfix/master.cf" <<CONF
127.0.0.1:$smtp inet n - n - - smtpd
127.0.0.1:$submission inet n - n - - smtpd -o smtpd_tls_security_level=encrypt $login
127.0.0.1:$smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes $login
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
CONF
}

wait_for_port() {
  for _ in $(seq 500); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
    sleep .02
  done
  echo "mailstack: port $1 does not answer, see $dir/*.log" >&2
  exit 1
}

start() {
  for program in dovecot postfix openssl; do
    command -v "$program" >/dev/null || { echo "mailstack: $program is not installed" >&2; exit 69; }
  done
  prepare_folders
  make_certificate
  write_users
  write_dovecot_conf
  write_postfix_conf
  # Postfix first: it makes the folder of the socket through which it asks Dovecot about logins. The servers must not keep
  # our output open: whoever reads it would wait for them to end.
  postfix -c "$dir/postfix" check
  /usr/lib/postfix/sbin/master -c "$dir/postfix" -w </dev/null >>"$dir/start.log" 2>&1
  dovecot -c "$dir/dovecot.conf" </dev/null >>"$dir/start.log" 2>&1
  for port in $imap $imaps $lmtp $smtp $submission $smtps; do wait_for_port "$port"; done
}

# Ends one master process by the id it wrote, and waits for it.
stop_process() {
  [ -f "$1" ] || return 0
  local pid state
  pid=$(tr -d ' ' <"$1")
  kill -TERM "$pid" 2>/dev/null || return 0
  for _ in $(seq 250); do
    state=$(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null || true)
    if [ -z "$state" ] || [ "$state" = Z ]; then return 0; fi
    sleep .02
  done
}

case $command in
  start) start ;;
  stop)
    stop_process "$dir/queue/pid/master.pid"
    stop_process "$dir/run/master.pid"
    ;;
  *) usage ;;
esac
