#!/bin/sh
# Sends the newest backup to another machine, encrypted before it leaves, and beside it the lists that no backup holds.
#
#   copy-elsewhere.sh AGE-RECIPIENT USER@HOST
#
# Run by clinic-backup.service after each backup, if docs/operations.md, "A copy elsewhere", was followed.
set -eu

recipient=$1 target=$2
etc=/etc/clinic data=/var/lib/clinic backups=/var/backups/clinic

send() {
    ssh -i "$etc/secrets/copies_key" -o BatchMode=yes -o ConnectTimeout=20 -o UserKnownHostsFile="$etc/known_hosts" \
        "$target" "cat > '$1.part' && mv '$1.part' '$1'"
}

# Their names are their times.
newest=$(find "$backups" -name 'clinic-*.tar' | sort | tail -n 1)
name=$(basename "$newest" .tar)
trap 'rm -f "$backups/$name.age"' EXIT
age --recipient "$recipient" --output "$backups/$name.age" "$newest"
send "$name.tar.age" < "$backups/$name.age"
# Where the settings say that they are, or where they are without.
for list in ERASED_LIST:erased.txt AUDIT_HEADS:audit-heads.log; do
    file=$(sed -n "s/^${list%%:*}=//p" "$etc/clinic.env")
    file=${file:-$data/${list#*:}}
    if [ -e "$file" ]; then send "$name.${list#*:}" < "$file"; fi
done
