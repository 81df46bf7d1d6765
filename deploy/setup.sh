#!/bin/sh
# Makes this machine the clinic's server, or brings it up to date: run it as root, from the folder in which the code is to stay.
#
#   deploy/setup.sh --host clinic.example --name 'The clinic' --phone '(555) 010-0100'
#   deploy/setup.sh                  again, after an upgrade or a change: it remembers, and makes only what is missing
#
# It makes the account, the folders, the .venv, the secrets, the units of systemd, the site of nginx and the command
# `clinic`, brings the database up to date, and starts everything. A secret or a setting that is there is never changed.
# docs/operations.md goes through it in order.
#
#   --emergency NUMBER               where 911 is not the number of the ambulance
#   --certificate FILE --key FILE    a TLS certificate of your own; without, certbot's, or one made here until there is one
#   --sites ADDRESS:PORT,…           where the site runs on several machines: all of them, for this one's nginx
#   --listen ADDRESS                 where the site listens, 127.0.0.1 by default; with several, what the others' nginx reaches
#   --root DIR                       a trial: everything below DIR, as the user at hand; nothing is started, no account made
#   --python FILE                    in a trial: a Python in which all packages are, in place of a new .venv
#   --ports HTTP,HTTPS,SITE          80,443,8000 by default
set -eu
umask 022

code=$(cd "$(dirname "$0")/.." && pwd)
root='' host='' name='' phone='' emergency='' certificate='' key='' python='' ports='' sites='' listen=''

stop() {
    echo "setup.sh: $*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
        --root | --host | --name | --phone | --emergency | --certificate | --key | --python | --ports | --sites | --listen)
            if [ $# -lt 2 ] || [ -z "$2" ]; then stop "$1 wants a value."; fi
            eval "${1#--}=\$2"
            shift 2
            ;;
        *) stop "\"$1\" is not known; the first lines of this script say what is." ;;
    esac
done

if [ -n "$root" ]; then
    mkdir -p "$root"
    root=$(cd "$root" && pwd)
elif [ "$(id -u)" != 0 ]; then
    stop "Run it as root: sudo deploy/setup.sh. For a trial without, add --root DIR."
fi
[ -z "$python" ] || [ -n "$root" ] || stop "--python is for a trial, with --root."

etc=$root/etc/clinic
data=$root/var/lib/clinic
backups=$root/var/backups/clinic
pages=$root/usr/share/clinic
acme=$root/var/www/clinic-acme
logs=$root/var/log/nginx
units=$root/etc/systemd/system
nginx=$root/etc/nginx
venv=$code/.venv
[ -z "$python" ] || venv=$(dirname "$(dirname "$python")")

# What was said the first time

remembered() { [ ! -f "$etc/site.env" ] || sed -n "s/^CLINIC_$1=//p" "$etc/site.env"; }

: "${host:=$(remembered HOST)}" "${name:=$(remembered NAME)}" "${phone:=$(remembered PHONE)}" "${ports:=$(remembered PORTS)}"
: "${certificate:=$(remembered CERTIFICATE)}" "${key:=$(remembered KEY)}" "${ports:=80,443,8000}"
: "${emergency:=$(remembered EMERGENCY)}" "${emergency:=911}"
: "${sites:=$(remembered SITES)}" "${listen:=$(remembered LISTEN)}" "${listen:=127.0.0.1}"

fits() { printf '%s' "$1" | LC_ALL=C grep -Eqx "$2" && [ "$(printf '%s\n' "$1" | wc -l)" = 1 ]; }

fits "$host" '[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+' || stop "--host wants the site's name, in small letters, such as clinic.example."
fits "$phone" '\+?[0-9() .-]{5,30}' || stop "--phone wants the clinic's number, such as '(555) 010-0100'; it stands on the page that is shown while the site is away."
fits "$emergency" '[0-9]{2,6}' || stop "--emergency wants a short number, such as 911 or 112."
fits "$name" "[^<>\"\\\\|\$\`{}]{1,100}" || stop "--name wants the clinic's name as plain words."
fits "$ports" '[0-9]{1,5},[0-9]{1,5},[0-9]{1,5}' || stop "--ports wants three numbers, such as 80,443,8000."
fits "$listen" '[0-9]{1,3}(\.[0-9]{1,3}){3}' || stop "--listen wants an address of this machine, such as 10.9.0.1."
[ -z "$sites" ] || fits "$sites" '[0-9.]{7,15}:[0-9]{1,5}(,[0-9.]{7,15}:[0-9]{1,5})*' ||
    stop "--sites wants every machine's --listen and port, such as 10.9.0.1:8000,10.9.0.2:8000."
case $code$root in *[!A-Za-z0-9/._-]*) stop "The folder has a name that systemd or nginx would misread: $code$root" ;; esac
case $certificate:$key in :) ;; /*:/*) ;; *) stop "--certificate and --key go together, each a whole path." ;; esac
http=${ports%%,*} https=${ports#*,} https=${https%,*} app=${ports##*,}
upstream=$listen:$app
[ -z "$sites" ] || upstream=$(printf '%s' "$sites" | sed 's/,/ fail_timeout=1s; server /g; s/$/ fail_timeout=1s/')
base_url=https://$host
[ "$https" = 443 ] || base_url=$base_url:$https

# The parts

# Make a folder: its path, its mode, and whose it is.
folder() {
    mkdir -p "$1"
    chmod "$2" "$1"
    [ -n "$root" ] || chown "$3" "$1"
}

# Write a file from what comes in, in one step: its path, its mode, its group.
write() {
    new=$(mktemp "$1.XXXXXX")
    cat > "$new"
    chmod "$2" "$new"
    [ -n "$root" ] || chown "root:${3:-root}" "$new"
    mv "$new" "$1"
}

# The lines of a template with our places in them, IPv6 only where this machine has it.
filled() {
    ipv6='s/^//'
    [ -e /proc/net/if_inet6 ] || ipv6='/listen \[::\]/d'
    sed -e "$ipv6" \
        -e "/^@HARDENING@\$/{r $code/deploy/systemd/hardening.conf
d}" \
        -e "s|@CODE@|$code|g; s|@ETC@|$etc|g; s|@VENV@|$venv|g; s|@DATA@|$data|g; s|@BACKUPS@|$backups|g; s|@LISTEN@|$listen|g; s|@APP_PORT@|$app|g" \
        -e "s|\${CLINIC_HOST}|$host|g; s|\${CLINIC_NAME}|$name_in_html|g; s|\${CLINIC_PHONE}|$phone|g; s|\${CLINIC_TEL}|$tel|g" \
        -e "s|\${CLINIC_EMERGENCY}|$emergency|g" \
        -e "s|\${CLINIC_UPSTREAM}|$upstream|g; s|\${CLINIC_BASE_URL}|$base_url|g; s|\${CLINIC_DATA}|$data|g" \
        -e "s|\${CLINIC_HTTP_PORT}|$http|g; s|\${CLINIC_HTTPS_PORT}|$https|g; s|\${CLINIC_PAGES}|$pages|g" \
        -e "s|\${CLINIC_CERTIFICATE}|$certificate|g; s|\${CLINIC_CERTIFICATE_KEY}|$key|g" \
        -e "s|\${CLINIC_ACME}|$acme|g; s|\${CLINIC_LOGS}|$logs|g" "$1"
}

account() {
    getent passwd clinic > /dev/null ||
        useradd --system --user-group --home-dir "$data" --no-create-home --shell /usr/sbin/nologin clinic
    runuser -u clinic -- test -r "$code/manage.py" ||
        stop "The account clinic cannot read $code: put the code where it can, such as /srv/clinic."
}

folders() {
    folder "$etc" 750 root:clinic
    folder "$etc/secrets" 750 root:clinic
    folder "$etc/tls" 700 root:root
    # nginx passes through to static/, and can list nothing.
    folder "$data" 711 clinic:clinic
    folder "$backups" 700 clinic:clinic
    # After a move the files may be those of another account's number; a shared directory that is mounted here is not ours to give.
    [ -n "$root" ] || find "$data" "$backups" -xdev ! -user clinic -exec chown -h clinic:clinic {} +
    folder "$pages" 755 root:root
    folder "$acme" 755 root:root
    mkdir -p "$logs" "$units" "$nginx/sites-available" "$nginx/sites-enabled" "$nginx/modules-enabled" "$root/usr/local/bin"
}

packages() {
    [ -z "$python" ] || return 0
    (cd "$code" && env -u DATA_DIR python3 requirements/install.py runtime)
    # The services may not write here, so what Python would keep of its reading is made now.
    "$venv/bin/python" -m compileall -q "$venv/lib" "$code/clinic" "$code/tips" "$code/appointments" > /dev/null || true
}

secrets() {
    [ -s "$etc/secrets/secret_key" ] ||
        "$venv/bin/python" -c 'import secrets; print(secrets.token_urlsafe(64))' | write "$etc/secrets/secret_key" 640 clinic
    # The database of this machine, over its socket: who asks is known to PostgreSQL by the account, without a password.
    [ -s "$etc/secrets/database_url" ] || echo 'postgres:///clinic' | write "$etc/secrets/database_url" 640 clinic
    [ -e "$etc/secrets/email_url" ] || : | write "$etc/secrets/email_url" 640 clinic
    # What came from a safe, or from an editor, is read by the site and by nobody else.
    for file in "$etc/clinic.env" "$etc/secrets"/*; do
        chmod 640 "$file"
        [ -n "$root" ] || chown root:clinic "$file"
    done
}

settings() {
    write "$etc/site.env" 644 <<SITE
CLINIC_HOST=$host
CLINIC_NAME=$name
CLINIC_PHONE=$phone
CLINIC_EMERGENCY=$emergency
CLINIC_CERTIFICATE=$given_certificate
CLINIC_KEY=$given_key
CLINIC_PORTS=$ports
CLINIC_SITES=$sites
CLINIC_LISTEN=$listen
SITE
    [ -e "$etc/clinic.env" ] || write "$etc/clinic.env" 640 clinic <<SETTINGS
# The site's settings; .env.example beside the code has all of them. After a change: deploy/setup.sh.
DEBUG=off
ALLOWED_HOSTS=$host
BASE_URL=$base_url
PROXY_COUNT=1
DATA_DIR=$data
SECRET_KEY_FILE=$etc/secrets/secret_key
DATABASE_URL_FILE=$etc/secrets/database_url
EMAIL_URL_FILE=$etc/secrets/email_url
SETTINGS
}

# Given, else certbot's, else one that nobody trusts, so that nginx starts and certbot can reach it.
tls() {
    given_certificate=$certificate given_key=$key
    [ -z "$certificate" ] || return 0
    certificate=/etc/letsencrypt/live/$host/fullchain.pem key=/etc/letsencrypt/live/$host/privkey.pem
    [ -n "$root" ] || [ ! -e "$certificate" ] || return 0
    certificate=$etc/tls/self-made.pem key=$etc/tls/self-made.key
    echo "No certificate yet: a self-made one stands in, and browsers warn of it. docs/operations.md, TLS, says what next."
    [ ! -e "$certificate" ] || return 0
    (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj "/CN=$host" \
        -addext "subjectAltName=DNS:$host" -keyout "$key" -out "$certificate" 2> /dev/null) || stop "openssl is missing, or fails."
}

web_server() {
    filled "$code/deploy/nginx/clinic.conf" | write "$nginx/sites-available/clinic" 644
    ln -sf ../sites-available/clinic "$nginx/sites-enabled/clinic"
    for page in unavailable.html refused.html page.css; do
        filled "$code/deploy/nginx/$page" | write "$pages/$page" 644
    done
    [ -z "$root" ] || return 0
    for log in clinic.log clinic-error.log; do
        [ -e "$logs/$log" ] || install -m 640 -o www-data -g adm /dev/null "$logs/$log"
    done
    # Debian's own welcome page would answer in our place.
    rm -f "$nginx/sites-enabled/default"
    grep -q '^ *worker_rlimit_nofile' "$nginx/nginx.conf" ||
        write "$nginx/modules-enabled/99-clinic-limits.conf" 644 < "$code/deploy/nginx/limits.conf"
    sed -i 's/worker_connections 768;/worker_connections 8192;/' "$nginx/nginx.conf"
    nginx -t -q || stop "nginx does not take its configuration; the line above says why."
}

services() {
    for unit in clinic-web.service clinic-worker.service clinic-backup.service clinic-backup.timer clinic-audit.service clinic-audit.timer; do
        filled "$code/deploy/systemd/$unit" | write "$units/$unit" 644
    done
    as_clinic="runuser -u clinic -- env ENV_FILE=$etc/clinic.env"
    [ -z "$root" ] || as_clinic="env ENV_FILE=$etc/clinic.env"
    write "$root/usr/local/bin/clinic" 755 <<COMMAND
#!/bin/sh
# manage.py, as the account that the site runs as: sudo clinic check
exec $as_clinic $venv/bin/python $code/manage.py "\$@"
COMMAND
}

refuse_what_is_missing() {
    [ -s "$etc/secrets/email_url" ] || stop "All is prepared but the mail server. Write it into $etc/secrets/email_url, one line such as
  smtp+tls://user:password@mail.clinic.example:587
and run this again."
}

database() {
    clinic=$root/usr/local/bin/clinic
    "$clinic" migrate --noinput --verbosity 0
    "$clinic" createcachetable --verbosity 0
    "$clinic" collectstatic --noinput --verbosity 0
    # Written for nobody else, as all that the site writes; but these are for everybody.
    chmod -R a+rX "$data/static"
    "$clinic" check --deploy --database default --fail-level WARNING
}

is_running() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

start() {
    is_running || return 0
    systemctl daemon-reload
    systemctl enable --quiet clinic-web clinic-worker clinic-backup.timer clinic-audit.timer nginx
    systemctl restart clinic-web clinic-worker clinic-backup.timer clinic-audit.timer
    systemctl reload-or-restart nginx
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        sleep 2
        "$venv/bin/python" - "http://$listen:$app/health/ready/" "$host" << 'ASK' && return 0
import sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"Host": sys.argv[2]})
try:
    urllib.request.urlopen(request, timeout=5).close()
except OSError:
    sys.exit(1)
ASK
    done
    stop "The site is not ready. What it says: sudo journalctl -u clinic-web -u clinic-worker -n 30"
}

# Two at once take turns.
if [ -z "$root" ]; then
    exec 9> /run/clinic-setup.lock
    flock 9
fi
tel=$(printf '%s' "$phone" | tr -cd '+0-9')
# And once more escaped for sed.
name_in_html=$(printf '%s' "$name" | sed 's/&/\\\&amp;/g')
[ -n "$root" ] || account
folders
# An upgrade: nobody is served by a half of each version. Meanwhile nginx shows its own page.
if is_running; then systemctl stop clinic-web clinic-worker 2> /dev/null || true; fi
packages
tls
settings
secrets
web_server
services
refuse_what_is_missing
database
start
if [ -n "$root" ]; then echo "Prepared below $root."; else echo "The site answers at $base_url/."; fi
