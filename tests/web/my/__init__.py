"""Tests of 我的证书."""
