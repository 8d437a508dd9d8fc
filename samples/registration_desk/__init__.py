"""A play of the upstream registration system (注册管理系统), and a real client of certsvc.

It imports ``certsvc.client`` and nothing else of certsvc. Everybody in it is made up.
"""
