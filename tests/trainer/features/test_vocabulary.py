"""Lexicons, and the overlap of outputs with inputs by rarity."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.features import vocabulary as module
from trainer.features.text_features import HANDCRAFTED, compute_text_features
from trainer.features.tokens import tokenize
from trainer.features.vocabulary import Lexicon, fit_lexicon


def _rarity(lexicon: Lexicon, word: str) -> float:
    return float(lexicon.rarities(tokenize([word]))[0])


def test_rarity_is_the_inverse_document_frequency() -> None:
    lexicon = fit_lexicon(["the moon rises", "The moon, the moon", "the sun", "the sun", "winter"])
    assert _rarity(lexicon, "the") == pytest.approx(np.log(5 / 4))  # four different texts; three hold it
    assert _rarity(lexicon, "moon") == pytest.approx(np.log(5 / 3))
    assert len(lexicon) == 3, "the, moon, and the pair of both"
    assert _rarity(lexicon, "winter") == _rarity(lexicon, "never seen") == pytest.approx(lexicon.unseen_rarity)


def test_a_lexicon_holds_the_most_frequent_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_GRAMS", 1)
    lexicon = fit_lexicon([f"{'often' if k % 3 else 'seldom'} word{k}" for k in range(20)])
    held = [word for word in ("often", "seldom", "word0") if lexicon.find(tokenize([word]).hash)[1][0]]
    assert held == ["often"]


@pytest.mark.parametrize("texts", [[], [""], ["only once"], ["", "", "!?"]])
def test_texts_with_nothing_in_common_give_an_empty_lexicon(texts: list[str]) -> None:
    lexicon = fit_lexicon(texts)
    assert len(lexicon) == 0
    assert np.isfinite(compute_text_features(["in"], ["out of words"], [""], lexicon, None)).all()


def test_a_lexicon_is_fitted_on_a_sample_of_many_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TEXTS", 50)
    lexicon = fit_lexicon([f"common word{k}" for k in range(1000)])
    assert _rarity(lexicon, "common") == pytest.approx(0)
    assert len(lexicon) == 1


def test_rare_words_shared_with_the_input_have_more_weight() -> None:
    lexicon = fit_lexicon([f"the word{k} the" for k in range(30)] + ["the dragon sleeps", "a dragon"])
    prompt = "the dragon and the knight"
    outputs = [prompt, "the storm of the year", "dragon storm of that year", "nothing in it"]
    found = compute_text_features([prompt] * 4, outputs, [""] * 4, lexicon, None)
    similarity, taken, covered = (
        found[:, HANDCRAFTED.index(name)]
        for name in ("cosine similarity to input", "rare words from input", "rare input coverage")
    )
    for measure in (similarity, taken, covered):
        assert measure[0] == pytest.approx(1, abs=1e-6), "a copy shares all words"
        assert measure[0] > measure[2] > measure[1] > measure[3] == 0, "a rare word has more weight than two articles"
