#!/bin/bash
# Run once by the database's image, when its volume is empty: a role that owns the clinic's database and nothing else.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 --set password="$(cat /run/secrets/clinic_password)" <<'SQL'
CREATE ROLE clinic LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE clinic OWNER clinic ENCODING 'UTF8' TEMPLATE template0;
SQL
