-- Which way a payment goes, what opens WeChat's confirm page while the person has to confirm,
-- and how many orders a rail has let out in its present second, over all instances.

ALTER TABLE payment ADD COLUMN rail TEXT NOT NULL DEFAULT 'red-packet'
    CHECK (rail IN ('red-packet', 'transfer'));
ALTER TABLE payment ADD COLUMN package_sealed TEXT
    CHECK (package_sealed IS NULL OR (state = 'sent' AND rail = 'transfer'));
ALTER TABLE rail ADD COLUMN sending_second BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rail ADD COLUMN n_in_second BIGINT NOT NULL DEFAULT 0 CHECK (n_in_second >= 0);
