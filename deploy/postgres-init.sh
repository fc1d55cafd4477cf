#!/bin/sh
# Makes Chatty's role and database on a new PostgreSQL. The role owns the database, in which each service makes a schema
# of its own; it is no superuser. C collation: text is compared byte by byte, as on SQLite.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
    --set=password="${DATABASE_PASSWORD:?}" <<'SQL'
CREATE ROLE chatty LOGIN PASSWORD :'password';
CREATE DATABASE chatty OWNER chatty TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE chatty FROM PUBLIC;
SQL
