"""Bootstrap by client: what is drawn together."""

from __future__ import annotations

import numpy as np

from crmkit.clients import clusters
from crmkit.process.resampling import resampled, resamples_of


def test_deals_of_one_company_or_one_person_are_drawn_together(snapshot):
    # D1, D2: one company; D3, D4: no company, one person; D5, D6: of nobody, so each by itself.
    whose = [{"company_id": "C1"}] * 2 + [{"contact_id": "P1"}] * 2 + [{}] * 2
    crm = snapshot(deals=[{"deal_id": f"D{place}"} | one for place, one in enumerate(whose, 1)])
    found = resamples_of(crm)
    assert found.clients == 4
    assert found.block[0] == found.block[1] and found.block[2] == found.block[3]
    assert len(set(found.block.tolist())) == 4
    # Cases without a deal are alone; those of one deal hang together, be its client known or not.
    told = clusters(crm, np.array([4, 4, -1, -1, 0]))
    assert told[0] == told[1] and len(set(told.tolist())) == 4


def test_many_clients_are_put_into_blocks_of_nearly_one_size():
    found = resampled(np.arange(1200))
    sizes = np.bincount(found.block)
    assert len(sizes) == 500 and sizes.min() >= 2 and sizes.max() == 3
    assert (found.weights[0] == 1).all() and (found.weights.sum(axis=1) == 500).all()
