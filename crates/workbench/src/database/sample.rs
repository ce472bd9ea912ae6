/// The sample, computed by arithmetic alone so that it is the same everywhere.
pub(super) const SAMPLE: &str = r#"
BEGIN;
CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT,
    balance REAL NOT NULL,
    note TEXT,
    token BLOB
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    placed_at TEXT NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price REAL NOT NULL,
    comment TEXT
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO customers
SELECT i,
       CASE i % 4 WHEN 0 THEN 'Zoë' WHEN 1 THEN 'Ada' WHEN 2 THEN 'Łukasz' ELSE 'Chiyo' END || ' ' || i,
       CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 'FI' WHEN 2 THEN 'JP' WHEN 3 THEN 'PL' ELSE 'US' END,
       (i * 7919 % 200003 - 100000) / 100.0,
       CASE i % 7
           WHEN 0 THEN NULL
           WHEN 1 THEN ''
           WHEN 2 THEN 'comma, and "quotes"'
           WHEN 3 THEN 'two' || char(13, 10) || 'lines'
           WHEN 4 THEN char(9) || 'tab; semicolon'
           WHEN 5 THEN ' spaces around '
           ELSE 'plain'
       END,
       CASE i % 3 WHEN 0 THEN NULL ELSE unhex(printf('%08X', i * 2654435761 % 4294967296)) END
FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
INSERT INTO orders
SELECT i,
       i * 7919 % 5000 + 1,
       strftime('%Y-%m-%dT%H:%M:%SZ', 1704067200 + i * 317, 'unixepoch'),
       CASE i * 31 % 6
           WHEN 0 THEN 'lamp' WHEN 1 THEN 'chair' WHEN 2 THEN 'desk, oak' WHEN 3 THEN '27" screen'
           WHEN 4 THEN 'mug' ELSE 'notebook'
       END,
       i * 13 % 9 + 1,
       (i * 104729 % 50000 + 99) / 100.0,
       CASE i % 11 WHEN 0 THEN 'leave it at the door, please' WHEN 5 THEN 'ring' || char(10) || 'twice' END
FROM n;
COMMIT;
"#;
